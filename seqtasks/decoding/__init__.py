"""From a network's scores to symbols, in pure TensorFlow: what is here runs in exports too."""
