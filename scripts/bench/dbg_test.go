package bench
import ("testing";"os";"time";"fmt";"lumo/scripts/hubspotsandbox")
func TestDbg(t *testing.T){
 r:=&run{Options:Options{Root:"../..",Log:os.Stderr},temp:t.TempDir()}
 w,err:=r.world(t.Context(),setup{contacts:60000,companies:6000,latency:hubspotsandbox.Latency{Millis:150}})
 if err!=nil{t.Fatal(err)}
 defer w.Close()
 st,_:=w.discard()
 rr:=w.app.Runner(); rr.Friends,rr.Applier.Friends=st,st
 if _,_,err=w.reading(t.Context(),rr);err!=nil{t.Fatal(err)}
 a:=w.calls.all()
 for _,x:=range a{ fmt.Printf("%6d %s %d mod %d\n",x.at.Sub(a[0].at)/time.Millisecond,x.what,x.status, x.at.UnixNano()%217000000/1000000)}
}
