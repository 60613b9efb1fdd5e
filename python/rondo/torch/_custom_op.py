def is_compiling(): return False
run_compiled_layer = None
