"""The life of a model version as one program, `lifecycle VERB`; README.md says how it is built."""
