"""Values everybody shares: ids, events, effects, views, outcomes, faults, Secret. Standard library only, no I/O."""
