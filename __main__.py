from shopwindow.middleware.cli import main

main()
