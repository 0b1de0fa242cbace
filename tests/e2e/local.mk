# Added to by the tests in this directory.
