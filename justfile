# Thin calls of the npm scripts, for people who like `just`. Every one of them sets the machine up first, if need be.

# List the recipes
default:
    @just --list

# Play the whole loop on this machine
rehearse *arguments:
    npm run rehearse -- {{arguments}}

# Run the tests
test *arguments:
    npm test -- {{arguments}}

# Lint and types
check:
    npm run check

# Format the sources
format:
    npm run format

# Everything that a change must pass
ci:
    bash .ci/run

# Start the emulators of all clouds, until Ctrl-C
clouds *arguments:
    npm run clouds -- {{arguments}}

# Show what a change would do to every stack, or to one
preview *arguments:
    npm run preview -- {{arguments}}

# Bring the checked-out commit to a stack
deploy stack *arguments:
    npm run deploy -- {{stack}} {{arguments}}

# Deploy a version tag to prod, after the gate
release tag *arguments:
    npm run release -- {{tag}} {{arguments}}

# Bring an earlier release of a stack back
rollback stack *arguments:
    npm run rollback -- {{stack}} {{arguments}}

# Let deployments of a stack go forward again after a rollback
resume stack:
    npm run resume -- {{stack}}

# Find what was changed past the pipeline
drift *arguments:
    npm run drift -- {{arguments}}

# Publish the release page of a tag
notes tag *arguments:
    npm run notes -- {{tag}} {{arguments}}

# Print the releases of a stack
releases stack:
    npm run releases -- {{stack}}

# Set the repository up, from a bare template to one that deploys; can be stopped and gone on with
setup-infra *arguments:
    npm run setup -- {{arguments}}

# Change a secret in every place that has it: `just infra-secrets HCLOUD_TOKEN`
infra-secrets name *arguments:
    npm run secrets -- rotate {{name}} {{arguments}}

# Merge what the template has changed since, on a branch of its own
upgrade *arguments:
    npm run upgrade -- {{arguments}}

# Look at everything that can be wrong
doctor:
    npm run doctor

# Only say what is missing of the set-up
infra-init:
    npm run setup -- --check

# Show what a change would do to the infrastructure of every stack, or of one
infra-preview *arguments:
    npm run preview -- {{arguments}}

# Bring the checked-out commit to a stack, infrastructure first
infra-up stack *arguments:
    npm run deploy -- {{stack}} {{arguments}}

# Check the workflow files with actionlint and zizmor
lint-workflows:
    npm run lint:workflows

# Play the workflow files on this machine
rehearse-actions:
    npm run rehearse -- --actions
