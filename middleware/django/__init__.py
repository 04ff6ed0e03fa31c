"""Django: an ASGI application around Django's, and the template block.

In ``asgi.py``, and ``"shopwindow.middleware.django"`` in INSTALLED_APPS for the block::

    from shopwindow.middleware.django.asgi import PersonalizedDjango
    application = PersonalizedDjango(get_asgi_application(), "personalization")
"""
