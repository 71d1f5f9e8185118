"""What messages show: pictures, items of albums, and first frames of what moves."""
