/*
 * postgresql_session - what the agent's sessions ask of the server when they
 * begin: whatever a tenant has logged, they fill no log of his.  That a session
 * begins the server writes before it reads these.
 */
#ifndef AGENT_POSTGRESQL_SESSION_H
#define AGENT_POSTGRESQL_SESSION_H

#define POSTGRESQL_UNSEEN "-c log_statement=none -c log_duration=off "	\
    "-c log_min_duration_statement=-1 -c log_min_duration_sample=-1 "	\
    "-c log_transaction_sample_rate=0 -c log_disconnections=off "	\
    "-c log_statement_stats=off -c log_parser_stats=off "		\
    "-c log_planner_stats=off -c log_executor_stats=off "		\
    "-c log_temp_files=-1 "

#endif
