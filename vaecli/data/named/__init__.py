"""The data sets known by name.

catalogue  their files, mirrors and hashes
fetch      download from several mirrors, verified
search     the cache, the system's package, the mirrors
bundled    fashion-mnist-mini, which comes with the package
"""
