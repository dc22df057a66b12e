package detect

// classify notes what calling the function tells.
func (p *sqlParser) classify(name string, args bool) {
	var buf [longestName]byte
	switch sqlFunctions[string(foldName(&buf, name))] {
	case sqlWaits:
		p.ev.timing = p.ev.timing || args
	case sqlProbes:
		p.ev.probing = p.ev.probing || args
	case sqlPlain:
		p.ev.function = true
	}
}

// sqlEffect is what a function is called for in an injection.
type sqlEffect uint8

const (
	sqlUnknown sqlEffect = iota
	sqlPlain
	sqlWaits
	sqlProbes
)

var sqlFunctions = func() map[string]sqlEffect {
	m := map[string]sqlEffect{}
	put := func(e sqlEffect, list string) {
		for w := range words(list) {
			m[w] = e
		}
	}
	put(sqlWaits, "sleep benchmark pg_sleep pg_sleep_for pg_sleep_until dbms_pipe.receive_message dbms_lock.sleep dbms_session.sleep randomblob wait_for_executed_gtid_set receive_message sleepeach get_lock is_free_lock")
	put(sqlProbes, "extractvalue updatexml gtid_subset gtid_subtract load_file name_const procedure utl_inaddr.get_host_address utl_inaddr.get_host_name utl_http.request utl_http.request_pieces httpuritype ctxsys.drithsx.sn dbms_xmlgen.getxml dbms_utility.sqlid_to_sqlhash ordsys.ord_dicom.getmappingxpath xmltype dbms_ldap.init dbms_xmlquery.newcontext pg_read_file pg_ls_dir pg_read_binary_file lo_import lo_export dblink dblink_connect dblink_send_query query_to_xml database_to_xml table_to_xml openrowset opendatasource openquery load_extension readfile writefile fts3_tokenizer xp_cmdshell sys_eval sys_exec xp_dirtree group_concat st_latfromgeohash st_longfromgeohash st_pointfromgeohash")
	put(sqlPlain, "concat concat_ws char chr nchar ascii ord substring substr mid left right hex unhex length char_length len lower upper ucase lcase elt make_set field find_in_set instr locate position reverse repeat replace space rpad lpad trim ltrim rtrim if iif ifnull isnull nullif coalesce cast convert count sum avg min max rand random floor round ceil ceiling abs exp pow power sqrt mod now sysdate curdate curtime current_date current_timestamp current_user session_user system_user user database schema version db_name user_name suser_name suser_sname host_name @@version bin oct conv md5 sha1 sha2 crc32 password encode decode json_extract json_depth json_keys json_array json_object json_valid json_storage_free json_array_append json_contains json_length json_type json_value json_search row multipoint multilinestring multipolygon polygon linestring geometrycollection point quote_literal quote_ident string_agg array_to_string array_agg to_char to_number to_date nvl nvl2 decode instr initcap sqlite_version typeof unicode printf quote glob likelihood zeroblob last_insert_rowid changes total_changes object_id object_name col_name columnproperty is_srvrolemember is_member serverproperty bit_count uuid soundex difference stuff patindex charindex datalength fn_varbintohexstr current_setting current_database current_schema inet_server_addr generate_series regexp_replace regexp_substr sys_context dual listagg xmlagg exists greatest least sign bit_length octet_length strcmp starts_with cot tan sin cos pi isnumeric substring_index json_quote raise aes_encrypt des_encrypt procedure_analyse chr_length")
	return m
}()
