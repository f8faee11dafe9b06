"""Studies of what tasks are made of: the proxy, simple features, embeddings, augmentations, true factors."""
