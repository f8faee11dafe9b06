"""whichtask: which tasks does a network generalise on, and which task is it in?"""
