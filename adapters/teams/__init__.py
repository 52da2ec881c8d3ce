"""The Teams door: what Microsoft Teams posts, checked, understood and answered."""
