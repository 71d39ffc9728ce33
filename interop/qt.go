package interop

const qtClientProgram, qtServerProgram = "x", "y"
