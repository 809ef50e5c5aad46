"""Which hash tag a lane's keys carry, so that lanes spread evenly over the shards of a cluster.

Redis Cluster puts a key into slot CRC16(tag) mod 16384. Plain numbers fall unevenly (1, 1 and 4 of
6 lanes on 3 masters). Lane n's tag is its number and the first suffix of four letters or digits for
which the slot of the bare tag is n with its 14 bits reversed: the first 2ᵏ lanes then fall into 2ᵏ
equal parts of the slot range, and any number of lanes nearly so. CRC16 is linear and all tags are
equally long, so a prefix only exchanges those parts; the spread stays.

The table is where every lane's state lies: entries never change, it only grows.
"""

from worker.errors import Misconfigured

LANES = 1024


def lane_tag(n: int) -> str:
    """The tag of lane n, such as `0007-0cms`. Misconfigured above the table."""
    if not 0 <= n < LANES:
        raise Misconfigured(
            f"Partition {n} has no place in Redis: lanes are numbered 0 to {LANES - 1}.",
            f"Use topics with at most {LANES} partitions.",
        )
    return f"{n:04d}-{_SUFFIXES[n]}"


_TABLE = """
019f 0iz3 029w 07yj 0eiw 05g2 03c6 0cms 054y 000l 0nig 0cdj 04f3 0dhv 020n 07ps
0adk 09c6 0619 0n6d 00ge 05cp 03gt 06ca 019d 04yy 029u 07yh 04jz 01no 0gzt 0709
0kjg 0fgj 086j 1685 073n 02ss 05ll 00hy 0f56 0r33 086o 1680 0gow 07a2 01e6 0aks
06dp 0fj5 08w6 0hys 07r2 0o1g 0dj7 04dr 0cbk 0nof 0479 0l0d 02ae 07ep 01at 04ea
0a1e 0968 0b1t 0g5a 09a3 0afn 07ru 022h 0879 0q2t 0kk4 03li 09mx 0ph5 0f12 0kx7
05he 00lp 06ht 03la 0a8t 0161 0725 0gxx 01ez 04ao 0but 0g5i 0070 0h0m 06am 03ex
02xf 0st3 00cl 05gy 06r6 0n1c 0h5g 00v2 0bbo 0gfz 0ikf 0dfk 0g1q 0b5d 04ew 01ab
0g1r 0b5g 0in7 01ij 03ac 06ev 01zi 0p24 0jo5 02hh 04ll 01hy 06r4 0f8y 0h5e 0028
00iz 05mo 0cyt 0339 0duh 0a5u 07mm 02ix 00e1 0hbl 0g0c 0b4v 04my 01il 07mh 0oj5
04eq 01ad 0bo0 02au 016o 042z 07h9 0ood 0ej5 05dp 0668 0n1e 09w4 04z9 0fov 06a3
06be 03fp 05bt 00fa 0b2t 02x9 0485 0958 02oz 07ko 0i2d 0159 03y8 0c3u 05km 00ox
0358 0k2e 0lir 0img 06kt 03oa 05ke 00op 075u 02uh 045d 011q 02fk 0ja6 0a2m 0950
0440 0l3m 02bm 07fx 05nq 00jd 071s 025f 01c1 0amt 0gip 07g5 009p 05ym 039a 0kz4
0a2w 0d6b 02fq 07bd 05jm 00nx 03x8 0c2u 044l 010y 06kn 0nl3 0e7b 0q1g 0f7s 0696
026l 072y 01ru 042h 07er 02ag 09v4 0a5a 063x 037m 0eou 05a0 07i9 0ond 05r3 0m1f
0238 0byu 0d9y 04s4 03iy 06ml 00ih 0hn5 0c4w 0f0b 08ii 05dd 07lm 02hx 0dth 0a4u
0iiw 09g2 06q5 0nvh 00ca 05gt 03cp 06ge 01yh 049u 02yy 079d 0im6 01jk 0owh 07p5
0im5 01jh 0g2p 0b6e 05p4 0891 0ban 0olc 00n0 0him 0fdq 06j4 014q 040d 02ph 070u
076p 022e 0dbv 04l3 0cnj 0ncg 002g 056r 0b0k 0gpv 05e9 08h4 030k 06pv 000z 054o
038c 0r46 008r 05xo 0kh5 03oh 0m6c 05u6 0jz7 029b 09b2 0aeo 06g6 0fis 0484 0959
05ny 00jl 06nh 0ni5 0448 0995 0bzq 02t4 01cf 04gs 07y8 0g3u 0884 0559 06gq 03cd
08t4 05y9 0glv 07b3 041l 015y 07uu 025h 05om 00kx 0kl4 03ki 085k 058f 0chu 03f0
0g5v 0b1c 0ij3 01mn 03eg 06ar 09wu 04zx 07hy 02ll 04hh 09ee 0628 0fxu 0h1a 00r4
023o 077z 04m9 0ljd 0fku 06e0 057x 003m 0g5t 0b1a 0ejv 05d3 07ah 0of5 04ay 01el
057q 003d 06sh 033u 00do 0hc2 0c0i 0fpt 012e 046p 07d8 0oce 0ebt 05l1 0o4n 0733
00ei 0hb4 03ex 06am 0960 0a1m 0g5i 0but 04hv 01lc 0gxx 0725 0h9t 0871 03la 06ht
071b 025w 0yo8 00ju 0f2l 0c6y 0815 05x0 0glm 0bhx 09o4 04b9 0j6k 0216 01ku 0ae0
0j6h 0215 09je 04gh 06oa 03kt 040c 014v 02ci 0jd4 01cx 04gm 0f3x 06y5 0099 0hzl
0lio 04n2 074q 020d 008m 05xp 06n0 0nim 01fl 04by 039n 06ys 05o2 0eaw 0ces 03k6
0hdr 08j7 0kdc 0fin 08y4 0501 06jr 03ng 09k6 0alk 074s 020f 008o 05xr 02gm 07cx
06s4 0f9y 0h4e 0038 0jn5 02ih 04ml 01iy 0g0s 0b4f 04du 09ix 03hi 0ko4 0hyt 0839
0fj1 06dt 09rs 0p36 07j1 0gdt 0iih 01n5 0640 0n3m 0h7i 0004 0ndf 0cik 059x 00ye
096w 0i82 07i2 0ggw 08l6 0hbs 0gtt 07z1 04h0 0dfu 0bbq 02l4 052q 006d 06vh 036u
0d9v 0473 07mp 02ie 00al 05ey 0671 0f9t 096u 0i80 1eim 06dz 0h4m 0030 0674 0f9q
07xs 028n 04xb 091g 02oe 07kp 0413 09x6 039o 06yr 05o2 0eaw 0vkn 0bmk 0854 0589
0789 0grt 0a2x 01x5 06bx 03fm 05bi 08od 0n6n 0613 05kp 00oe 02gl 07cy 0411 09x4
04y4 0901 0chn 0nec 01cp 04ge 02ca 07gt 00yy 059d 03yh 069u 05no 00jz 0309 0czt
05nl 00jy 0381 0c6t 0azu 0108 0khg 0fej 009m 05yp 0wu4 06ya 09j4 04g9 0gim 0bmx
0jbe 02e8 096c 0au6 063g 037r 0eoj 0hbg 07mf 02is 052d 006q 03d8 0kce 08m1 0hct
03l0 0cbu 08e9 05h4 0cqv 0f1k 00ax 05em 0bct 02m1 096a 0au4 063e 037p 04lg 01hr
017u 04wh 027d 073q 00m4 0hji 0fgu 06i0 1698 00zw 0fnl 0cjy 0abp 01l5 02zu 0b08
0ajx 0dnm 0c5z 0f1o 00iv 05mc 03ig 06mr 017w 043b 027f 073s 04di 09id 0g0o 0b4z
0cml 0fiy 001a 055t 07yu 029h 0ha7 00fj 02gq 07cd 09nx 04cu 03y8 0c3u 0849 0594
07xo 028r 01b1 0alt 0kme 03j8 008p 05xm 0j3d 0249 0hlf 0eak 0n94 06za 083u 05zp
0hcd 00d9 0cjm 0fnx 0032 0h4o 06md 03iq 01e8 0ibe 073e 027p 086a 1c2n 0oc3 07dn
05dn 08ic 0kg7 10c8 0apw 0d0j 07z6 0gts 01iq 04md 0j4o 0232 0e1k 0hxn 06mf 03is
020e 074p 00og 05kr 0cvu 03x0 0qtt 0851 0jed 02b9 0alm 09k0 0252 0j2o 04kd 01oq
0251 0j2l 04cl 01gy 03op 06ke 010r 044g 07bn 0oe3 0ia7 01fj 0cvw 03x2 0qtv 0853
09z2 0437 07it 02ma 00eh 0hb5 0635 0fyx 092q 0ps4 03dk 0kc6 0aou 01a0 07e4 0gkq
0ine 01i8 0bgl 0gcy 0d4c 0a0v 0bj5 02dp 00h9 0hod 06zl 0n99 012x 046m 03mz 06io
0n2i 0654 0010 0h6m 0ga0 07ou 01kq 04od 07x6 0gvs 01bh 0ie5 06nt 03ja 0811 05x4
0ke4 03bi 0pu6 01yc 0ger 07k7 01o3 0aav 0n2k 0656 0012 0h6o 0chm 0flx 00xc 0qt6
000f 054s 0clk 0naf 0lio 04n2 0n6m 0610 0heg 0ehj 0cln 0nac 04xf 091c 07xw 028j
00y1 0q1l 06co 03gz 01os 04kf 0bwv 02y3 001r 055g 02np 07je 0avt 01x1 0b2m 0g6x
063r 037g 053c 007v 1ein 06dy 05z2 0837 026f 072s 0ajk 09m6 0ffw 06h2 0d9u 0470
0bjr 02d7 0ajc 0dnv 0c03 0ny6 0q22 00zo 0fgm 0ccx 053k 00sv 0ox7 0b12 0acz 0dgo
00in 0hn3 026l 072y 0ain 09n3 0sko 0gmj 05y7 0802 0csv 0f3k 08g9 05j4 060w 034b
0edr 05j7 0rt7 03xb 014c 040v 03ka 06ot 0qu5 084p 069l 03yq 0ail 09n1 0skm 02g8
0gkm 0box 0aq3 092f 033w 067b 0hfb 0eko 02mv 07ic 002t 056a 0con 0nbc 0hfg 0ekj
06m6 0fcs 0hno 00i2 0f4x 0c0m 0hc6 00dk 0gbr 07l7 04zw 093r 032c 066v 01ma 04it
0824 0hxy 0f1m 0c5x 01am 04ex 0ob4 07ei 0463 0d8v 02he 07lp 05dy 08it 0f8t 0661
05lq 00hd 073s 027f 00v5 0hqh 0n1d 0669 0dfl 0aby 0ooe 07h8 0a5r 0d1g 02at 07ea
0r47 038b 08c2 0hmw 07f6 0ghs 0594 0849 00ev 05ac 03eg 06ar 0d5g 0a1r 0g5v 0b1c
05zh 083m 0fjf 0cns 0afz 0dbo 0v27 07zj 0h1c 00r6 0bgy 0gcl 092m 0a50 0g14 0jx1
"""
_SUFFIXES = _TABLE.split()
