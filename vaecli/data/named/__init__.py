"""The data sets known by name.

catalogue  their files, mirrors and hashes
fetch      download from several mirrors, verified
bundled    fashion-mnist-mini, which comes with the package
"""
