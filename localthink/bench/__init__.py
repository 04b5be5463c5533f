"""How fast a model reads and writes on this machine, and what the penalty costs, so that noise is not taken for a cost.

Writing is measured a step at a time, by turns without the penalty and with it, in the same samples: what drifts (the
machine, the length of the context) treats both alike. A step without and the step with it beside it are a pair; the
cost is the median of the pairs' ratios, with an interval. Reading comes first in every round, of prompts that no slot
has seen; the penalty has no part in it.
"""
