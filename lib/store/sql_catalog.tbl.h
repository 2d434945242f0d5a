/* catalog: datastores, their versions, flavors */
STMT(CATALOG_LISTEN, 0,
    "LISTEN coffer_catalog")
STMT(CATALOG_DATASTORES, 0,
    "SELECT id, name, default_version FROM datastores ORDER BY name")
STMT(CATALOG_VERSIONS, 0,
    "SELECT id, datastore_id, name, version, manager, active, image_id,"
    " packages, image_tags, registry_ext, repl_strategy"
    " FROM datastore_versions ORDER BY datastore_id, name, version")
STMT(CATALOG_FLAVORS, 0,
    "SELECT id, name, ram_mb, vcpus, disk_gb, ephemeral_gb FROM flavors"
    " ORDER BY position, id")
