#!/usr/bin/env escript
%%! -noinput
%% DTLS 1.2 with a pre-shared key by Erlang/OTP's own stack: PORT IDENTITY PSK_HEX ccm|cbc.
%% What it reads becomes records, what it decrypts it writes; what it says of itself goes to stderr.

main([Port, Identity, PskHex, Suite]) ->
    {ok, _} = application:ensure_all_started(ssl),
    Psk = binary:decode_hex(list_to_binary(PskHex)),
    Options = [
        binary,
        {active, true},
        {protocol, dtls},
        {versions, ['dtlsv1.2']},
        {ciphers, [suite(Suite)]},
        {psk_identity, Identity},
        {user_lookup_fun, {fun(psk, _Hint, Key) -> {ok, Key} end, Psk}},
        {verify, verify_none}
    ],
    case ssl:connect("127.0.0.1", list_to_integer(Port), Options) of
        {ok, Socket} ->
            io:format(standard_error, "connected~n", []),
            Stdio = open_port({fd, 0, 1}, [binary, stream, eof]),
            carry(Socket, Stdio);
        Failed ->
            io:format(standard_error, "no session: ~p~n", [Failed]),
            halt(1)
    end.

suite("ccm") -> #{key_exchange => psk, cipher => aes_128_ccm_8, mac => aead, prf => default_prf};
suite("cbc") -> #{key_exchange => psk, cipher => aes_128_cbc, mac => sha256, prf => sha256}.

carry(Socket, Stdio) ->
    receive
        {Stdio, {data, Bytes}} ->
            ok = ssl:send(Socket, Bytes),
            carry(Socket, Stdio);
        {Stdio, eof} ->
            ssl:close(Socket),
            halt(0);
        {ssl, Socket, Bytes} ->
            port_command(Stdio, Bytes),
            carry(Socket, Stdio);
        {ssl_closed, Socket} ->
            io:format(standard_error, "closed~n", []),
            halt(0);
        {ssl_error, Socket, Reason} ->
            io:format(standard_error, "error: ~p~n", [Reason]),
            halt(1)
    end.
