//! Does this room keep its promises on whole sources, and on any bytes?
