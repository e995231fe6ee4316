"""The visit as a pure function: `step(state, event, policy) -> Step(state, effects)`."""
