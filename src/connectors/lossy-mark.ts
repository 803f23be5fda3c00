/** The mark in the message of a statement that met a value its column cannot keep, followed by the column's index. */
export const lossyMark = 'da_lossy:';
