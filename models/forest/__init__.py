"""The isolation forest: a second witness, which says how unusual a key is and why; alone it never blocks.

`witness.Forest` testifies by a model that `artifact.unpacked` verified; `sampling.Sampler` gathers what `model.trained`
learns from. `scoring` has the kernels.
"""
