"""The worker program: Faust hosts the engine, delivers signals, serves the web pages and watches over itself."""
