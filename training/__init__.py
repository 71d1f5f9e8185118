"""How the bundled demo model is made: fetch, draw, caption, train, calibrate, measure, export.

`python -m training --help` shows the one command. The package ships only its result, in
`inference/demo_model/`. The folders, from bottom to top:

    words      word lists in TOML, and how people type words
    emoji      fetched drawings, names and keywords
    model      architecture, tokenizer and exported files
    drawing    drawn shapes, grounds, and what happens to a photo
    captions   captions, and which pictures each caption fits
    batching   pools of pictures, and the batches made from them
    learning   losses, optimizers and the training loops
    measuring  accuracy and calibration on held-out questions
"""
