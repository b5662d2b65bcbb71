"""The process that owns llama.cpp. Only modules in here import llama_cpp."""
