"""The catalogue of published models, and the bundled model with its card and its tokenizer recipe: data, no code."""
