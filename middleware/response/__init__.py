"""One answer leaving: held back as long as it must, swapped, private where it is one visitor's."""
