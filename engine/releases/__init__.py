"""New versions of the program: the signed list that tells of them, and which installer replaces this one."""
