"""Running the models: manifest with hashes, and the one file that imports onnxruntime."""
