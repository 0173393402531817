"""The web application: a home self-check without account, and the library; server-rendered, without JavaScript."""
