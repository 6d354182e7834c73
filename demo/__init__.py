"""The Gradio page: one tab a modality, one trace a visitor, every control answered from it."""
