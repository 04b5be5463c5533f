"""The bundled model, its card and its tokenizer recipe: data, no code."""
