"""How much a preview may read, take and show: one table, with reasons.

The load balancer passes answers of up to 1 MB, base64 included, and people read the head of a file, not all of it.
"""

KB = 1024
MB = 1024 * KB

# What a preview reads, all in all.
BUDGET_BYTES = 8 * MB
MOST_READS = 64  # requests to S3: a tar of many members, or a reader that jumps about
DEADLINE_SECONDS = 6.0
COMPUTING_SECONDS = 1.0  # one lexer, one Markdown document: some inputs make them quadratic

# Text.
HEAD_BYTES = 256 * KB  # read of text whose head is enough: code, CSV, JSON lines
CODE_CHARACTERS = 100_000
COLOURED_CHARACTERS = 60_000
COLOURED_SPANS = 12_000  # each is 25 bytes of HTML or more
CODE_LINES = 3_000
LINE_CHARACTERS = 2_000
MARKDOWN_CHARACTERS = 100_000
MARKDOWN_HTML = 500_000

# Tables.
ROWS = 200
COLUMNS = 60
CELL_CHARACTERS = 300
TABLE_CHARACTERS = 250_000
SHEETS = 8
SHEET_ROWS = 100

# JSON.
JSON_WHOLE_BYTES = 1 * MB  # parsed as a whole up to here, else by its head
JSON_HEAD_CHARACTERS = 128 * 1024
NODES = 2_000
DEPTH = 20
CHILDREN = 200  # shown of one array or object
STRING_CHARACTERS = 500
TREE_CHARACTERS = 250_000  # of all keys and values
JSON_LINES = 100

# Notebooks.
NOTEBOOK_BYTES = 7 * MB
CELLS = 100
OUTPUTS = 20  # of one cell
OUTPUT_CHARACTERS = 8_000
NOTEBOOK_CHARACTERS = 150_000
HTML_CHARACTERS = 60_000
IMAGE_BYTES = 250 * KB  # of one image in a notebook, and of the page of a PDF
IMAGES_BYTES = 350 * KB  # of all images in a notebook

# Images, archives.
SERVED_BYTES = 700_000  # images that the catalog serves itself
LOADED_BYTES = 25 * MB  # images that a page lets the browser load from S3
PIXELS = 150_000_000  # which a browser unpacks to four bytes each
MEMBERS = 500
DIRECTORY_BYTES = 1 * MB  # of a zip's central directory
UNPACKED_BYTES = 16 * MB  # of a compressed tar
GZIP_TEXT_BYTES = 1 * MB  # of a compressed file that is shown itself
NAME_CHARACTERS = 500

# The child process that reads Parquet, Excel and PDF.
CHILD_DATA_BYTES = 700 * MB  # of memory that it may take
CHILD_LEAST_BYTES = 192 * MB  # below that its libraries do not load
OWN_MEMORY_BYTES = 256 * MB  # of a function's memory, for the function itself
CHILD_ADDRESSES_BYTES = 6 * 1024 * MB  # what it may map; libraries and reserved arenas, mostly untouched
RESULT_BYTES = 2 * MB
PAGE_WIDTH = 900  # pixels
PAGE_HEIGHT = 1600
