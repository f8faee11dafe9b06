"""GBI on images: which class was it, and is it any class at all?"""
