"""Platform tickets: what businesses want of the platform, and what the platform's people make of it.

What a business reads and what the platform's people read are models of their own (`conversation_schemas`,
`desk_schemas`) which have no common base: nothing that is added to one of them shows in the other.
"""
