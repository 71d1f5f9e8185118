"""What runs the towers of a model: torch, or OpenVINO from files that torch has exported.

checkpoint, checkpoint_errors    load a checkpoint with transformers
torch_backend, token_pruning     run it by torch
openvino_export                  writes its towers to files, in a process of its own
exported_files, export_cache     read these files, and keep them for later starts
openvino_backend, page_out       run them, without torch and transformers in memory
"""
