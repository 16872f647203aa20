"""Authorization in the embedded AWS: may this caller make this request?"""
