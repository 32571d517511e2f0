"""Security keys and passkeys: the adapter around py_webauthn, which is used nowhere else."""
