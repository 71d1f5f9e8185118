"""What a benchmark found, and how it is shown. Imports neither torch nor the bot.

figures          the contents of bench.json
targets          each figure that has a target
wording          figures in words, for table and page
table, page      the report on a terminal, and as docs/benchmarks.md
plots, drawing   the plots of the page, and what they are drawn with
theme            their colours, for light and dark pages
"""
