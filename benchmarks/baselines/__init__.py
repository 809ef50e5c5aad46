"""The other workers, each as a competent engineer would write it, each in a file of its own."""
