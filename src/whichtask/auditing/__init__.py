"""Auditing labelled images: which shortcuts will a network find in them?"""
