"""The browser studio: a policy watched while it acts."""
