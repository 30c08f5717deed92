"""Running Portico: upgrade, web server, worker and the command that keeps them all alive."""
