"""What all pages share: layout, navigation, sign-in checks, forms, assets, formats.

An area imports from `pages`; the other modules of this folder are its parts.
"""
