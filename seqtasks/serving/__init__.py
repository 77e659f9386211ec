"""From a trained run to predictions and SavedModels."""
