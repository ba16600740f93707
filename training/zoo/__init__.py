"""Every classifier of the projects this one grew from, as a recipe: trained, exported and compared alike."""
