module guide

go 1.22
