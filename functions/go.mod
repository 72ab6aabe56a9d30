module lumo/functions

go 1.26

require lumo/shared v0.0.0

require github.com/aws/aws-lambda-go v1.55.1 // indirect

replace lumo/shared => ../shared
