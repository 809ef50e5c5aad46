"""An independent, plain and slow model of the rule engine, written from the contract alone.

It imports nothing of the product. `model.run` has the meaning of `loyalty simulate`.
"""
