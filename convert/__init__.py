"""For developers and data scientists: data, training, export, quantisation, evaluation. Never ships."""
