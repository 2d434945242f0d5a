# coffer
